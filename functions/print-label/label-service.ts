export interface Label {
  /** The same on every attempt of one operation: the service prints it once. */
  readonly labelId: string;
  readonly sku: string;
}

/** An old service on one machine. */
export interface LabelService {
  /** @param signal - aborted when the place at the service is lost */
  print(label: Label, signal: AbortSignal): Promise<void>;
}
