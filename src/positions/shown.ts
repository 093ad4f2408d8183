/** Reader positions as a page for people shows them. */
import type { Lag } from "../following/lag.ts";
import type { ReaderPosition } from "./position.ts";

/** A position, and how far its reader is behind. */
export type PositionStanding = { readonly position: ReaderPosition; readonly lag: Lag };

/** For one visitor. Each member refuses as the request for programs does. */
export interface ShownPositions {
	/** Those in streams that the visitor may read, in the order of their names. */
	list(part: { readonly offset: number; readonly count: number }): Promise<PositionList>;
	remove(name: string): Promise<void>;
}

export type PositionList = {
	/** All, without regard to the part. */
	readonly total: number;
	readonly standings: readonly PositionStanding[];
};
