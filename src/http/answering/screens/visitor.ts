/** A person's browser: the part of an exchange that screens are made of. */
import type { IncomingMessage } from "node:http";
import type { Principal } from "../../../access/principal.ts";
import type { Doer } from "../../../audit/audit.ts";
import type { Context } from "../../context.ts";

export type Visitor = {
	readonly context: Context;
	readonly req: IncomingMessage;
	readonly principal: Principal;
};

/** The visitor as the audit knows it. */
export function doerOf({ context, req, principal }: Visitor): Doer {
	const { name, via, token } = principal;
	return { who: name, via, token, from: context.addressOf(req) };
}
