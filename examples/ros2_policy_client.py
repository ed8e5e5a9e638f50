"""ROS 2 node: a sentence on /goal becomes a pick pose on /pick and a place pose on /place (frame "base", metres).

Needs what policy_client.py beside it needs, rclpy and message_filters; the topics /color (rgb8), /depth (16UC1, mm) and
/camera_info; the camera's pose as the parameter T_base_camera: 16 numbers, row-major, from hand-eye calibration.
"""

import math

import message_filters
import numpy as np
import rclpy
import zmq
from geometry_msgs.msg import PoseStamped
from policy_client import decide
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

rclpy.init()
node = rclpy.create_node("cliport_policy_client")
address = node.declare_parameter("address", "tcp://127.0.0.1:7001").value
T_base_camera = list(node.declare_parameter("T_base_camera", [0.0] * 16).value)
publishers = {name: node.create_publisher(PoseStamped, name, 1) for name in ("pick", "place")}
goals = []


def ask(color, depth, info):
    if not goals:
        return
    if color.encoding != "rgb8" or depth.encoding != "16UC1":
        return node.get_logger().warn(f"expected rgb8 and 16UC1 but received {color.encoding} and {depth.encoding}")
    camera = {"intrinsics": dict(fx=info.k[0], fy=info.k[4], cx=info.k[2], cy=info.k[5]), "T_base_camera": T_base_camera}
    pixels, steps = np.frombuffer(color.data, np.uint8), np.frombuffer(depth.data, "<u2").reshape(depth.height, depth.width)
    try:
        reply = decide(address, goals.pop(0), camera, pixels, steps)
    except zmq.Again:
        return node.get_logger().warn("the policy server did not answer in time: say the goal again")
    if reply.get("decision") != "act":
        return node.get_logger().warn(reply["error"]["message"] if "error" in reply else reply["reason"])
    for name, publisher in publishers.items():
        pose, yaw_rad = PoseStamped(), reply["pick"]["yaw_rad"] + (reply["place"]["yaw_rad"] if name == "place" else 0.0)
        pose.header.frame_id, pose.header.stamp = "base", depth.header.stamp
        pose.pose.position.x, pose.pose.position.y, pose.pose.position.z = reply[name]["p_base_m"]
        pose.pose.orientation.z, pose.pose.orientation.w = math.sin(yaw_rad / 2), math.cos(yaw_rad / 2)
        publisher.publish(pose)


node.create_subscription(String, "goal", lambda message: goals.append(message.data), 1)
topics = {"color": Image, "depth": Image, "camera_info": CameraInfo}
frames = [message_filters.Subscriber(node, kind, name) for name, kind in topics.items()]
message_filters.TimeSynchronizer(frames, 10).registerCallback(ask)
rclpy.spin(node)
