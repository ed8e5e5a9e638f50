import { realsenseSuite } from '../fixtures/realsense-suite.js'

realsenseSuite('2.57.7', '.bag')
