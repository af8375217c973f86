/** The Traefik that a local platform runs. JavaScript, because `doctor/` reads it with whatever Node a machine has. */
export const TRAEFIK_VERSION = "3.7.15";
