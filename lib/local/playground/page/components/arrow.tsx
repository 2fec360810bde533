/** From one lifeline to the next, as wide as there is room. One that is lost ends on its way, in a cross. */
export function Arrow({ leftward, isLost }: { readonly leftward: boolean; readonly isLost: boolean }) {
  const end = isLost ? (leftward ? '45%' : '55%') : leftward ? '0%' : '100%';
  const start = leftward ? '100%' : '0%';
  const head = isLost ? 'M-4,-4 L4,4 M-4,4 L4,-4' : leftward ? 'M7,-4 L0,0 L7,4' : 'M-7,-4 L0,0 L-7,4';
  return (
    <svg class="arrow-line" width="100%" height="10" aria-hidden="true" focusable="false">
      <line x1={start} y1="5" x2={end} y2="5" />
      <svg x={end} y="5" overflow="visible" aria-hidden="true">
        <path d={head} />
      </svg>
    </svg>
  );
}
