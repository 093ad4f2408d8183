/** The parts of the forms about groups and positions, and the paths of their pages. */
import { groupUrl } from "../../../src/http/urls.ts";
import type { Visit } from "../../../src/screens.ts";
import { type Html, html } from "../../html.ts";

/** Where the forms are sent. */
export const FORMS = "/ui/readers";

export function groupPath(name: string): string {
	return groupUrl("", name);
}

/** @param name of what the form is about, if there is one yet */
export function hiddenFields({ token }: Visit, action: string, name?: string): Html {
	const about = name !== undefined && html`<input type="hidden" name="name" value="${name}">`;
	return html`<input type="hidden" name="_token" value="${token}"><input type="hidden" name="action" value="${action}">${about}`;
}

/** The links between the two lists. */
export function tabs(at: "groups" | "positions"): Html {
	const tab = (name: typeof at, text: string) =>
		html`<a class="button" href="/${name}"${name === at ? html` aria-current="page"` : ""}>${text}</a>`;
	return html`${tab("groups", "Groups")}${tab("positions", "Positions")}`;
}

export function pageLinks(path: string, offset: number, shown: number, total: number): Html {
	const at = (to: number) => (to <= 0 ? path : `${path}?offset=${to}`);
	const before = offset > 0 ? at(offset - shown) : undefined;
	const next = offset + shown < total ? at(offset + shown) : undefined;
	return html`<span class="pages">${pageLink("Before", "[", before)}${pageLink("Next", "]", next)}</span>`;
}

export function offsetIn(text: string | null): number {
	return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

function pageLink(text: string, key: string, path: string | undefined): Html {
	if (path === undefined) return html`<span class="button" aria-disabled="true">${text}</span>`;
	return html`<a class="button" href="${path}" data-key="${key}">${text} <kbd class="wide needs-script">${key}</kbd></a>`;
}
