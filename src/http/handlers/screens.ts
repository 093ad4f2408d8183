/** What the admin UI has besides screens: its files, and where people look for it. */

import { matches } from "../../cache/policy.ts";
import { Refusal } from "../../errors.ts";
import { withoutCode } from "../../observe/told-path.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { compressBody } from "../answering/screens/screen.ts";
import { baseOf } from "../request/base.ts";

/** The name of a file changes with its content, so whoever has it need never ask again. */
const FOR_EVER = ["Cache-Control", "max-age=31536000, public, immutable"];
/** What a worker of the UI may do: it is a file with a policy of its own. */
const POLICY = [
	"Content-Security-Policy",
	"default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
	"X-Content-Type-Options",
	"nosniff",
];

/** GET /ui/… */
export async function answerFile(
	{ context, req }: Exchange,
	{ file: name }: { file: string },
): Promise<Answer> {
	const file = await context.screens?.file(name);
	if (!file) throw new Refusal("route-not-found", { path: `/ui/${name}`.slice(0, 256) });
	const kept = ["ETag", file.eTag, ...FOR_EVER, "Vary", "Accept-Encoding", ...POLICY];
	if (matches(req.headers["if-none-match"], file.eTag)) return { status: 304, headers: kept };
	const headers = [...kept, "Content-Type", file.contentType];
	return compressBody(req, { status: 200, headers, body: file.body }, true);
}

/** POST of what is no form, to a place that takes nothing else. */
export function answerForm({ context, req }: Exchange): never {
	if (!context.screens)
		throw new Refusal("route-not-found", { path: (req.url ?? "").slice(0, 256) });
	const contentType = String(req.headers["content-type"] ?? "").slice(0, 256);
	const available = ["application/x-www-form-urlencoded"];
	throw new Refusal("unsupported-media-type", { contentType, available });
}

/** /login and /logout, for programs: there is nothing for them. */
export function answerLogin({ req }: Exchange): Answer {
	throw new Refusal("route-not-found", { path: withoutCode(req.url ?? "") });
}

/** GET /web and /web/index.html */
export function answerWeb({ context, req }: Exchange): Answer {
	if (!context.screens) throw new Refusal("route-not-found", { path: "/web" });
	const location = `${baseOf(req, context.settings.publicUrl)}/`;
	return { status: 302, headers: ["Location", location, "Content-Length", "0"] };
}
