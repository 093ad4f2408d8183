/** The surroundings of a file of tests, with a way out of them for what `product.js` wrote. */
import { TestEnvironment } from "jest-environment-node";

export default class extends TestEnvironment {
	async setup() {
		await super.setup();
		this.global[Symbol.for("varve.product")] = (url) => import(url);
	}
}
