import { realsenseSuite } from '../fixtures/realsense-suite.js'

realsenseSuite('2.59.1', '.db3')
