import { mount } from "../shared/mount";

mount("console-execution", <p>execution</p>);
