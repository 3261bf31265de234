import { mount } from "../shared/mount";

mount("console-editor", <p>editor</p>);
