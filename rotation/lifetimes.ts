/** Days that a CA is valid. */
export const AUTHORITY_DAYS = 3650;
/** Days that a leaf is valid: the most that Mozilla's "modern" profile allows. */
export const LEAF_DAYS = 90;
/** A certificate is renewed, by whatever brings the platform up to date, when less than this part of its life is left. */
export const RENEW_BELOW = 1 / 3;
