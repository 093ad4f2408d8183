/** The options for people who look at the store in a browser. */
import type { Option } from "../options.ts";

export type ScreenSettings = {
	readonly noAdminUi: boolean;
};

export const SCREEN_OPTIONS = [
	{
		name: "noAdminUi",
		flag: "no-admin-ui",
		kind: "yes-no",
		default: false,
		help: "Run without the admin UI: browsers get what programs get.",
	},
] as const satisfies readonly Option[];
