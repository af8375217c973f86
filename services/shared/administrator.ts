/**
 * The id of the first administrator, whom authentication creates and to whom authorization gives the role. It
 * is no secret: an id opens nothing.
 */
export const ADMINISTRATOR_ID = "00000000-0000-4000-8000-000000000001";
