/** Seconds that an access token lives: so long must the key that signed it go on being accepted. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;
