/**
 * The tree in tiles, as C2SP tlog-tiles lays it out: rows of up to 256 hashes, eight levels of the
 * binary tree apart. Level 0 holds the leaf hashes; level n + 1 holds the roots of the full tiles
 * of level n.
 */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 2 ** TILE_HEIGHT;

/** Beyond 2⁵³ leaves, numbers are no longer exact; the sixth level ends at 2⁴⁸. */
export const TILE_LEVEL_MAX = 6;

export type Tile = {
	/** `entries` are the leaves themselves, in bundles with the numbers of the tiles of level 0. */
	readonly level: number | "entries";
	readonly number: number;
	/** From 1; a full tile has 256. */
	readonly width: number;
};

/** The number of hashes of a level in a tree of `size` leaves. */
export function levelWidth(size: number, level: number): number {
	return Math.floor(size / TILE_WIDTH ** level);
}

/** The tile that holds hash `number` of a level, with its width in a tree of `size` leaves. */
export function tileOf(level: number, number: number, size: number): Tile {
	const tile = Math.floor(number / TILE_WIDTH);
	const width = Math.min(TILE_WIDTH, levelWidth(size, level) - tile * TILE_WIDTH);
	return { level, number: tile, width };
}

/** The path after `tile/`: `0/x001/x234/067`, or `0/x001/x234/067.p/112` for a partial tile. */
export function tilePath({ level, number, width }: Tile): string {
	const groups = [number % 1000];
	for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
		groups.unshift(rest % 1000);
	}
	const names = groups.map((group, index) => {
		const digits = String(group).padStart(3, "0");
		return index < groups.length - 1 ? `x${digits}` : digits;
	});
	const partial = width < TILE_WIDTH ? `.p/${width}` : "";
	return `${level}/${names.join("/")}${partial}`;
}

const PATH = /^(\d{1,2}|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

/** @returns undefined if the path names no tile; each tile has exactly one path */
export function parseTilePath(path: string): Tile | undefined {
	const match = PATH.exec(path);
	if (!match) return undefined;
	const [, level = "", groups = "", width] = match;
	const tile = {
		level: level === "entries" ? level : Number(level),
		number: Number(groups.replaceAll(/[x/]/g, "")),
		width: width === undefined ? TILE_WIDTH : Number(width),
	} as const;
	const isSafe = Number.isSafeInteger(tile.number) && tile.width > 0;
	return isSafe && tilePath(tile) === path ? tile : undefined;
}
