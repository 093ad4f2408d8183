/** The two ways to search: by conditions that events fit, and by a query that is run over them. */
import { type Html, html } from "../../html.ts";

/** A longer query makes no link. */
const LINK_CHARACTERS = 4000;

/** The URL of the page that shows a query and does not run it. */
export function questionPath(query = ""): string {
	const asked = query.length > LINK_CHARACTERS ? "" : encodeURIComponent(query);
	return `/search?by=query${asked && `&query=${asked}`}`;
}

export function waysToSearch(isByQuery: boolean): Html {
	const current = html` aria-current="true"`;
	return html`<span class="segments"><a href="/search"${!isByQuery && current}>By conditions</a><a href="${questionPath()}"${isByQuery && current}>By a query</a></span>`;
}
