/** A running program that speaks DynamoDB; engine.ts finds one and starts it. */
export interface Engine {
  /** For people, such as `dynoxide (embedded)`. */
  readonly name: string;
  /** `http://127.0.0.1:8000`. */
  readonly endpoint: string;
  /** Resolves when the engine's process has ended, by `stop()` or by itself; never for one that was only used. */
  readonly ended: Promise<void>;
  /** Ends what was started for this engine, and nothing else: a running one that was only used stays. */
  stop(): Promise<void>;
}
