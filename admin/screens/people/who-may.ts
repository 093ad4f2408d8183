/** Who may do what on a stream, and why. */
import type { StreamName } from "../../../src/event.ts";
import type { People } from "../../../src/screens.ts";
import { type Html, html } from "../../html.ts";
import { streamPath } from "../../parts/name.ts";
import { visible } from "../../parts/visible.ts";

const WORDS = {
	$r: "Read",
	$w: "Append",
	$d: "Delete",
	$mr: "Read metadata",
	$mw: "Write metadata",
} as const;

export async function whoMayPanel(people: People, stream: StreamName): Promise<Html> {
	const allowed = await people.whoMay(stream);
	const rows = allowed.map(({ operation, roles, because }) => {
		const names = roles.map((role) => (role === "$all" ? "everyone" : role));
		const who = names.length === 0 ? "admins alone" : names.join(", ");
		return html`<dt>${WORDS[operation]}</dt><dd>${visible(who)}<small>${whyOf(because)}</small></dd>`;
	});
	return html`<section class="panel" aria-labelledby="who-may"><header><h2 id="who-may">Who may</h2></header><div class="body"><dl class="facts-list">${rows}</dl><p class="hint">Admins may do everything. Everyone is who the server lets in at all.</p></div></section>`;
}

function whyOf(because: "acl" | "settings" | "built-in"): Html {
	if (because === "acl") return html`because its $acl says so`;
	if (because === "built-in") return html`because nothing else is said`;
	const settings = streamPath("$settings" as StreamName);
	return html`because <a href="${settings}">$settings</a> says so`;
}
