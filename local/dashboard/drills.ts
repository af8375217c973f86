import type { WatchedProcess } from "../kept-process.ts";
import { Replica } from "../replica.ts";
import type { Peers } from "./peers.ts";

/** Something bad that is done to a process on purpose, to see that the platform gets over it. */
export interface Drill {
  readonly name: string;
  /** What happens, for people. */
  readonly tells: string;
  readonly fits: (process: WatchedProcess) => boolean;
  readonly run: (process: WatchedProcess) => Promise<void>;
}

/** @param asGateway asks services as the gateway does, which alone may break them */
export function allDrills(asGateway: Pick<Peers, "get">): Drill[] {
  return [
    {
      name: "kill",
      tells: "Ends the process at once, as a crash does: another one takes its place.",
      fits: () => true,
      run: (process) => {
        process.kill();
        return Promise.resolve();
      },
    },
    {
      name: "break",
      tells: "GET /<service>/fail: no longer ready at once, restarted by its health checks in half a minute.",
      fits: (process) => process instanceof Replica,
      run: async (process) => {
        if (process instanceof Replica)
          await asGateway.get(process.service, process.port, `/${process.service}/fail`);
      },
    },
  ];
}
