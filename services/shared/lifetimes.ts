/** Seconds that an access token lives: so long must the key that signed it go on being accepted. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

/**
 * Milliseconds for which a gateway goes by what it remembers of sessions after it last asked which have ended. Whoever
 * ends a session waits so long before it answers: to change it in a stack that runs, turn such gateways off meanwhile.
 */
export const REVOCATION_LEASE_MS = 500;

/** Seconds for which the gateway keeps a connection to a service that nothing is asked on. */
export const IDLE_CONNECTION_SECONDS = 30;
