import type { Feed } from "../../feeds/model.ts";
import { composeEntry, type Urls } from "../../src/pages/entry.ts";
import { frameOf, newestFirst, type Page, type PageSpec } from "../../src/pages/page.ts";

/** A page as a feed. */
export function feedOf(urls: Urls, spec: PageSpec, page: Page): Feed {
	const entries = newestFirst(spec, page).map((entry) => composeEntry(urls, spec.stream, entry));
	return { ...frameOf(urls, spec, page), entries };
}
