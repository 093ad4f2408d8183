import { availableParallelism } from "node:os";

// Tests run the built code: worker threads, the command line and the library are then the very
// files a user gets. Only the tests themselves go through the transformer.
export default {
	testEnvironment: "<rootDir>/test/runner/environment.js",
	testSequencer: "<rootDir>/test/sequencer.js",
	testMatch: ["<rootDir>/test/**/*.test.ts"],
	extensionsToTreatAsEsm: [".ts"],
	transform: {
		"/dist/(src|feeds|admin)/.*\\.js$": "<rootDir>/test/runner/product.js",
		"\\.ts$": [
			"@swc/jest",
			{ jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" } },
		],
	},
	moduleNameMapper: {
		"^(?:\\.\\./)+(src|feeds|admin)/(.*)\\.ts$": "<rootDir>/dist/$1/$2.js",
	},
	testTimeout: 60_000,
	// Jest would take one less than there are cores. Most tests wait for processes and for the disk:
	// with as many workers as cores, the cores do nothing for a third of the time.
	maxWorkers: Math.ceil(1.5 * availableParallelism()),
	// A test that failed midway may leave its server running; the run has to end all the same.
	forceExit: true,
};
