/** A page whose URL is that of an append: it has no such range, and the answer says so. */
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { answerPage } from "./page.ts";

type Named = { readonly stream: string; readonly id: string; readonly query: string };

export function pageNamedIncoming(
	exchange: Exchange,
	{ stream, id, query }: Named,
): Answer | Promise<Answer> {
	const range = { from: "incoming", direction: "backward", count: id } as const;
	return answerPage(exchange, { ...range, stream, query });
}
