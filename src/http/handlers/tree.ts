/**
 * The log as a Merkle tree: its signed head, and its tiles, which never change (C2SP tlog-tiles).
 */
import { parseTilePath } from "../../../feeds/proof/tiles.ts";
import { cacheControl, privately } from "../../cache/policy.ts";
import { Refusal } from "../../errors.ts";
import { ALL } from "../../event.ts";
import { type Answer, textAnswer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";

const TEXT = "text/plain; charset=utf-8";
const REVALIDATE = ["Cache-Control", "no-cache"];
const FOR_EVER = cacheControl(true, 0);

/** GET /log/checkpoint */
export async function answerSignedHead({ context }: Exchange): Promise<Answer> {
	return textAnswer(200, TEXT, await context.tree.signedHead(), REVALIDATE);
}

/** GET /log/key: the key to check signed heads with, if a client trusts this connection. */
export function answerKey({ context }: Exchange): Answer {
	return textAnswer(200, TEXT, `${context.tree.key}\n`, REVALIDATE);
}

/**
 * GET /log/tile/…: the partial tile of a width never changes either; as the log grows there are
 * wider ones.
 */
export async function answerTile(
	exchange: Exchange,
	{ tile: path, query }: { tile: string; query: string },
): Promise<Answer> {
	const tile = parseTilePath(path);
	if (!tile) throw new Refusal("route-not-found", { path: `/log/tile/${path}`.slice(0, 256) });
	const elsewhere = otherHistory(exchange, query, true);
	if (elsewhere) return elsewhere;
	const body = await exchange.context.tree.tile(tile);
	if (!body) throw new Refusal("tile-not-found", { tile: path });
	const form = ["Content-Type", "application/octet-stream", "Content-Length", `${body.length}`];
	// Whoever may read `$all` may read the tiles.
	const isPublic = exchange.isAnonymousIn && exchange.context.access.isPublicNow(ALL);
	const control = isPublic ? FOR_EVER : privately(FOR_EVER);
	return { status: 200, headers: ["Cache-Control", control, ...form], body };
}
