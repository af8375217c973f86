import type { Generations, Kind, Ring } from "../rotation/ring.ts";
import { isNeighbour } from "../rotation/ring.ts";
import { catalog } from "../services/catalog.ts";
import { servicesWithDatabase } from "../services/shared/catalog.ts";
import { loginName } from "../services/shared/logins.ts";
import { EDGE, issueLeaves } from "./certificate-list.ts";
import type { CertificateAuthority } from "./certificates.ts";
import type { Database } from "./database.ts";
import { databasePassword } from "./database.ts";
import { LocalError } from "./error.ts";
import type { RunningGateway } from "./gateway.ts";
import type { LocalGenerations } from "./generations.ts";
import { forgetSecret, signingKeyName } from "./secrets.ts";
import type { RunningServices } from "./services.ts";
import { migrateServices, SERVICES } from "./services.ts";
import type { StateFolder } from "./state.ts";

export interface RotationContext {
  readonly folder: StateFolder;
  readonly generations: LocalGenerations;
  readonly authority: CertificateAuthority;
  readonly database: Database;
  readonly services: RunningServices;
  readonly gateway: RunningGateway;
  /** Called when clients are to trust another set of CAs. */
  readonly onAuthorityChange: () => void;
}

/** Moves a running platform from one generation of certificates, keys or logins to the next. */
export class Rotation {
  readonly #context: RotationContext;
  #busy = false;

  constructor(context: RotationContext) {
    this.#context = context;
  }

  /** How far each kind is that this platform has. */
  get generations(): Generations {
    const { "database-passwords": logins, ...others } = this.#context.generations.applied;
    return this.#context.database.hasPasswords ? { ...others, "database-passwords": logins } : others;
  }

  /**
   * Takes one step, and resolves once every process has taken it.
   * @throws LocalError where it is no step from where the platform is, or another one is under way
   */
  async move(kind: Kind, ring: Ring): Promise<void> {
    const { generations } = this.#context;
    const before = this.generations[kind];
    if (before === undefined) throw new LocalError(`this platform has no ${kind}`);
    if (!isNeighbour(kind, before, ring))
      throw new LocalError(`${kind}: there is no step from ${before.join()} to ${ring.join()}`);
    if (this.#busy) throw new LocalError("another rotation is under way");
    this.#busy = true;
    try {
      await generations.move(kind, ring, () => this.#apply(kind, ring));
      for (const retired of before.filter((generation) => !ring.includes(generation)))
        this.#forget(kind, retired);
    } finally {
      this.#busy = false;
    }
  }

  #apply(kind: Kind, ring: Ring): Promise<void> {
    switch (kind) {
      case "ca":
        return this.#changeAuthority(ring);
      case "leaves":
        return this.#renewCertificates(() => true);
      case "signing-keys":
        return this.#context.services.roll(["authentication"]);
      case "database-passwords":
        return this.#moveLogins(ring);
    }
  }

  async #changeAuthority(ring: Ring): Promise<void> {
    await this.#context.authority.trust(ring);
    this.#context.onAuthorityChange();
    // The edge's in any case: by it the gateway shows that it has taken the rest.
    await this.#renewCertificates((name) => name === EDGE);
  }

  async #renewCertificates(renew: (name: string) => boolean): Promise<void> {
    const { authority, database, gateway, services } = this.#context;
    await issueLeaves(authority, renew);
    database.reload();
    await gateway.reload();
    await services.roll(SERVICES);
  }

  /** A login is there before a service signs in with it, and goes when none does. */
  async #moveLogins(ring: Ring): Promise<void> {
    const { folder, generations, database, services } = this.#context;
    const before = generations.applied["database-passwords"];
    if (before[0] === ring[0]) await migrateServices({ folder, database });
    else await services.roll(servicesWithDatabase(catalog));
  }

  #forget(kind: Kind, generation: number): void {
    const { authority, folder } = this.#context;
    if (kind === "ca") authority.forget(generation);
    if (kind === "database-passwords")
      for (const service of servicesWithDatabase(catalog))
        forgetSecret(folder, databasePassword(loginName(service, generation)));
    if (kind === "signing-keys") forgetSecret(folder, signingKeyName(generation));
  }
}
