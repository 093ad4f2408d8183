/**
 * The tree in tiles, as C2SP tlog-tiles lays it out: rows of 256 hashes, eight levels of the binary
 * tree apart.
 */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 2 ** TILE_HEIGHT;
