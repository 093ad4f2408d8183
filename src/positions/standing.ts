/** How reader positions stand: for programs, pages and metrics. */
import type { StreamName } from "../event.ts";
import type { Lags } from "../following/lag.ts";
import type { ReaderPosition } from "./position.ts";
import type { Positions } from "./positions.ts";
import type { PositionList, PositionStanding } from "./shown.ts";

/** Whether somebody may read a stream. */
type May = (stream: StreamName) => boolean | Promise<boolean>;

/** Those that somebody may see, in the order of their names. @throws Refusal as a read */
export async function listPositions(
	{ positions, lags }: { readonly positions: Positions; readonly lags: Lags },
	may: May,
	{ offset, count }: { readonly offset: number; readonly count: number },
): Promise<PositionList> {
	const seen: ReaderPosition[] = [];
	for (const one of await positions.all()) if (await may(one.stream)) seen.push(one);
	const standings: PositionStanding[] = [];
	for (const position of seen.slice(offset, offset + count)) {
		standings.push({ position, lag: await lags.of(position.stream, position.at) });
	}
	return { total: seen.length, standings };
}
