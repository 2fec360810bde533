import type { Signal } from '@preact/signals';
import { useId } from 'preact/hooks';

export interface SliderProps {
  readonly label: string;
  readonly value: Signal<number>;
  /** From 0. */
  readonly max: number;
  readonly step: number;
  readonly words: (value: number) => string;
}

export function Slider({ label, value, max, step, words }: SliderProps) {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <output for={id}>{words(value.value)}</output>
      <input
        id={id}
        type="range"
        min={0}
        max={max}
        step={step}
        value={value.value}
        aria-valuetext={words(value.value)}
        onInput={({ currentTarget }) => {
          value.value = currentTarget.valueAsNumber;
        }}
      />
    </div>
  );
}
