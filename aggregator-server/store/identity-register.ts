import type { AuditHead, AuditNote } from './audit-chain.ts';
import type { ClientProgram } from './catalogue.ts';

/** A device that was let in once. */
export interface Device {
  /** Stays the same when its key is replaced. */
  readonly deviceId: string;
  readonly taskId: string;
  readonly clientId: string;
  /** The invitation's name. */
  readonly plantName: string;
  /** The key that opens connections. */
  readonly keyId: string;
  /** The key that takes over with its first proof; null where none was announced. */
  readonly nextKeyId: string | null;
  /** ISO 8601. */
  readonly enrolledAt: string;
  /** ISO 8601; null while it may connect. */
  readonly revokedAt: string | null;
}

/** A device, and what its client said last. */
export interface SeenDevice extends Device {
  /** null where it was not heard of since it enrolled. */
  readonly program: ClientProgram | null;
}

/** A public key with its name, in the forms of the wire. */
export interface DeviceKey {
  readonly keyId: string;
  readonly publicKey: string;
}

export interface NewInvitation {
  /** sha256 of the code, in hexadecimal. */
  readonly codeDigest: string;
  readonly taskId: string;
  readonly plantName: string;
  readonly expiresAt: string;
}

/** An invitation as it is kept. */
export interface InvitationRecord extends NewInvitation {
  readonly createdAt: string;
  /** ISO 8601; null while nobody used it. */
  readonly spentAt: string | null;
}

/** Who did something, when. */
export interface Doing {
  /** ISO 8601. */
  readonly at: string;
  /** As in the audit record. */
  readonly actor: string;
}

/** What a device that connects has shown. */
export interface Arrival {
  readonly clientId: string;
  /** As in `hello`; null is the task of the key or the invitation. */
  readonly taskId: string | null;
  readonly at: string;
  readonly remoteAddress: string;
}

/** A device that announces its next key. */
export interface KeyAnnouncement {
  readonly deviceId: string;
  /** The key its connection was opened with. */
  readonly oldKeyId: string;
  readonly at: string;
  readonly remoteAddress: string;
}

/**
 * Who may connect. Asynchronous, because it may live in another thread; each method is one transaction, together
 * with its row of the audit record. A method that fails leaves everything as it was.
 * Every method may throw AppError `server/storage`.
 */
export interface IdentityRegister {
  addInvitation(invitation: NewInvitation, doing: Doing): Promise<void>;
  /**
   * Ends an invitation that nobody has used.
   * @returns false where there is none
   */
  withdrawInvitation(codeDigest: string, doing: Doing): Promise<boolean>;
  /** All invitations, newest first. */
  invitations(): Promise<InvitationRecord[]>;
  /**
   * Lets a device in that shows a code and a key, which it was proved to hold. The same device with the same code
   * and key is let in again, also when the code's time is over.
   * @throws AppError `identity/revoked`, `identity/code-unknown` (none, or for another task),
   *   `identity/code-expired`, `identity/code-spent`, `identity/already-enrolled`, `identity/wrong-device` (the key
   *   is another device's)
   */
  enrol(arrival: Arrival, shown: DeviceKey & { readonly codeDigest: string }): Promise<Device>;
  /**
   * Lets a device in by the key that it was proved to hold. The first proof with an announced key ends the old one.
   * @throws AppError `identity/unknown-key`, `identity/revoked`, `identity/wrong-device` (another client or task)
   */
  admit(arrival: Arrival, keyId: string): Promise<Device>;
  /**
   * Announces the key that is to follow the one a connection was opened with. A key announced before is forgotten.
   * @throws AppError `identity/unknown-key` (the old one is no longer the device's), `identity/revoked`,
   *   `identity/wrong-device` (the new key is another device's)
   */
  announceKey(announcement: KeyAnnouncement, next: DeviceKey): Promise<void>;
  /**
   * Locks devices out for good.
   * @returns those that were not locked out before
   */
  revoke(deviceIds: readonly string[], doing: Doing): Promise<Device[]>;
  /** Those of the given devices that were locked out. */
  revokedAmong(deviceIds: readonly string[]): Promise<string[]>;
  /** All devices, by plant. */
  devices(): Promise<SeenDevice[]>;
  /** Writes down what changes nothing here. */
  note(note: AuditNote): Promise<void>;
  /** Where the audit record ends. */
  auditHead(): Promise<AuditHead>;
}
