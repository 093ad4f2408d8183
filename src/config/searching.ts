/** The options that limit searches: how many, for how long, and how much they find. */
import type { Option } from "../options.ts";

export type SearchSettings = {
	readonly searchesMax: number;
	readonly searchFoundMax: number;
	readonly searchMs: number;
};

export const SEARCH_OPTIONS = [
	{
		name: "searchesMax",
		flag: "searches-max",
		kind: "whole-number",
		default: 8,
		min: 1,
		max: 1000,
		help: "Searches and queries at a time. Further ones get 503.",
	},
	{
		name: "searchFoundMax",
		flag: "search-found-max",
		kind: "whole-number",
		default: 1000,
		min: 1,
		max: 100_000,
		help: "Events that one search finds. Then it ends, and says where to go on.",
	},
	{
		name: "searchMs",
		flag: "search-ms",
		kind: "whole-number",
		default: 30_000,
		min: 10,
		max: 3_600_000,
		help: "Milliseconds that a search or a query takes. Then it ends, and says where it is.",
	},
] as const satisfies readonly Option[];
