// The distributed lock port. A lock is a lease row with an epoch that grows with each acquisition; every write of the holder
// checks that epoch inside its own transaction (StoreTx.assertLease), so a holder that slept past its lease cannot write.

export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** Fencing token. */
  readonly epoch: number;
}

/** The rows under the locks; times are elapsed time on the database's real clock. */
export interface LeaseTable {
  /** Null while another owner's lease is alive. */
  acquire(name: string, owner: string, ttlMs: number): Promise<Lease | null>;
  /** False when the lease was lost. */
  prolong(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease): Promise<void>;
}

export interface HeldLock {
  readonly lease: Lease;
  /** Aborts when the lease is lost or could not be prolonged in time. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

export interface Locks {
  /** Null when another holder has it. */
  tryAcquire(name: string, signal?: AbortSignal): Promise<HeldLock | null>;
}
