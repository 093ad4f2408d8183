/** The options that limit projections. */
import type { Option } from "../../options.ts";

export type ProjectionsSettings = {
	readonly projectionsMax: number;
	readonly projectionsRunningMax: number;
};

export const PROJECTION_OPTIONS = [
	{
		name: "projectionsMax",
		flag: "projections-max",
		kind: "whole-number",
		default: 1000,
		min: 0,
		max: 100_000,
		help: "Projections that the store has at most. More are refused with 409.",
	},
	{
		name: "projectionsRunningMax",
		flag: "projections-running-max",
		kind: "whole-number",
		default: 200,
		min: 0,
		max: 10_000,
		help: "Projections that run on this server at a time. 0 for a server that runs none.",
	},
] as const satisfies readonly Option[];
