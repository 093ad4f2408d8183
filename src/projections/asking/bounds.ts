/** How large an answer about a projection may become. */

/**
 * An answer that has so many bytes of states or events ends early, and says where to go on. One of
 * them can be larger than that, and comes alone then.
 */
export const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
