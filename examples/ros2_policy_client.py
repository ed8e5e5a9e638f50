"""ROS 2 node: a sentence on /goal becomes a pick pose on /pick and a place pose on /place (base frame, metres).

Needs rclpy, message_filters, pyzmq and numpy, the topics /color (rgb8), /depth (16UC1, mm), /camera_info, and the pose of
the camera as the parameter T_base_camera: 16 numbers, row-major, from hand-eye calibration.
"""

import json
import math

import message_filters
import rclpy
import zmq
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String


def main():
    rclpy.init()
    node = rclpy.create_node("cliport_policy_client")
    address = node.declare_parameter("address", "tcp://127.0.0.1:7001").value
    T_base_camera = list(node.declare_parameter("T_base_camera", [0.0] * 16).value)
    out = {name: node.create_publisher(PoseStamped, name, 1) for name in ("pick", "place")}
    topics = {"color": Image, "depth": Image, "camera_info": CameraInfo}
    frames = [message_filters.Subscriber(node, kind, name) for name, kind in topics.items()]
    goals = []
    node.create_subscription(String, "goal", lambda message: goals.append(message.data), 1)

    def ask(color, depth, info):
        if not goals:
            return
        fx, cx, fy, cy = info.k[0], info.k[2], info.k[4], info.k[5]
        frame = {"width": depth.width, "height": depth.height, "depth": "u16", "T_base_camera": T_base_camera}
        frame["intrinsics"] = {"fx": fx, "fy": fy, "cx": cx, "cy": cy}
        header = json.dumps({"version": 1, "goal": goals.pop(0), "frames": [frame]}).encode()
        with zmq.Context.instance().socket(zmq.REQ) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RCVTIMEO, 10_000)
            socket.connect(address)
            socket.send_multipart([header, bytes(color.data), bytes(depth.data)])
            reply = json.loads(socket.recv_multipart()[0])
        if reply.get("decision") != "act":
            return node.get_logger().warn(json.dumps(reply.get("error", reply.get("reason"))))
        for name, publisher in out.items():
            pose = PoseStamped()
            pose.header.frame_id, pose.header.stamp = "base", node.get_clock().now().to_msg()
            pose.pose.position.x, pose.pose.position.y, pose.pose.position.z = reply[name]["p_base_m"]
            yaw_rad = reply["pick"]["yaw_rad"] + (reply["place"]["yaw_rad"] if name == "place" else 0.0)
            pose.pose.orientation.z, pose.pose.orientation.w = math.sin(yaw_rad / 2), math.cos(yaw_rad / 2)
            publisher.publish(pose)

    message_filters.TimeSynchronizer(frames, 10).registerCallback(ask)
    rclpy.spin(node)


if __name__ == "__main__":
    main()
