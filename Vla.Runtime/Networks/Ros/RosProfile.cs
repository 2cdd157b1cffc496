using Vla.Actors.Policies;
using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.Ros;

/// <summary>What of a robot is which topic: the section <c>ros</c> of its profile.</summary>
/// <remarks>
/// <code>
/// "ros": {
///   "version": 2,
///   "joints": { "shoulder": "arm_joint_1" },
///   "publish": [ { "topic": "/arm/joint_trajectory", "type": "trajectory_msgs/JointTrajectory",
///                  "values": ["shoulder", "elbow"], "time_ms": 100 },
///                { "topic": "/cmd_vel", "type": "geometry_msgs/Twist", "values": ["x", "turn"],
///                  "fields": ["linear.x", "angular.z"] } ],
///   "state": [ { "topic": "/joint_states", "positions": ["shoulder", "elbow"], "velocities": [], "rate": 50 } ],
///   "action_topic": "/vla/action", "tell_action": true
/// }
/// </code>
/// </remarks>
internal sealed record RosProfile
{
    /// <summary>Where the whole message goes, as JSON in a <c>std_msgs/String</c>.</summary>
    private const string UsualActionTopic = "/vla/action";
    private const int LongestName = 200;
    private const int MostTopics = 32;
    private const double FastestHz = 10_000;
    private const int LongestTimeMs = 60_000;
    private const int UsualTimeMs = 100;

    /// <summary>1 or 2: how types are called.</summary>
    public required int Version { get; init; }

    /// <summary>What is published for each action.</summary>
    public required IReadOnlyList<RosCommand> Commands { get; init; }

    /// <summary>Where the robot says where it is; empty where it does not.</summary>
    public required IReadOnlyList<RosState> States { get; init; }

    /// <summary>Topic of the whole action; null for none.</summary>
    public required string? ActionTopic { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="file">The robot profile's file.</param>
    /// <param name="profile">What is in it besides.</param>
    /// <exception cref="RobotProfileException">Something is wrong; the message names file, key, value and what is
    /// allowed.</exception>
    public static RosProfile Read(string file, RobotProfile profile)
    {
        try
        {
            var root = ConfigSection.Read(file);
            if (!root.Has("ros"))
            {
                throw new RobotProfileException(
                    $"robot profile {file} has no 'ros', which says what is which topic: docs/wires.md shows one"
                );
            }

            return Read(root.Section("ros"), profile);
        }
        catch (PolicyException e)
        {
            throw new RobotProfileException($"robot profile {e.Message}", e);
        }
    }

    /// <summary>A type as a version calls it.</summary>
    /// <param name="type">With or without <c>msg</c> in it.</param>
    /// <param name="version">1 or 2.</param>
    public static string TypeName(string type, int version)
    {
        var parts = type.Split('/');
        return version == 1 ? $"{parts[0]}/{parts[^1]}" : $"{parts[0]}/msg/{parts[^1]}";
    }

    private static RosProfile Read(ConfigSection ros, RobotProfile profile)
    {
        var version = ros.OptionalInteger("version", 1, 2, ifMissing: 2);
        var joints = Joints(ros.OptionalSection("joints"));
        var commands = ros.Sections("publish", MostTopics)
            .Select(section => Command(section, profile, joints))
            .ToList();
        var states = ros.Has("state")
            ? ros.Sections("state", MostTopics).Select(section => State(section, profile, joints)).ToList()
            : [];
        var tellsWhole = ros.OptionalFlag("tell_action") ?? true;
        var actionTopic = ros.OptionalText("action_topic", LongestName) ?? UsualActionTopic;
        RequireTopic(ros, "action_topic", actionTopic);
        ros.CheckUnknown();
        foreach (var dimension in profile.Dimensions.Select(dimension => dimension.Name))
        {
            var times = commands.Sum(command => command.Names.Count(name => name == dimension));
            if (times != 1)
                throw ros.Wrong(
                    "publish",
                    times == 0 ? $"without '{dimension}'" : $"with '{dimension}' {times} times",
                    "a list in which each dimension of the profile stands once"
                );
        }

        var told = states.SelectMany(state => state.Names).ToList();
        if (told.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { Key: var twice })
            throw ros.Wrong("state", $"with '{twice}' twice", "a list in which each name stands once");
        return new RosProfile
        {
            Version = version,
            Commands = commands,
            States = states,
            ActionTopic = tellsWhole ? actionTopic : null,
        };
    }

    private static Dictionary<string, string> Joints(ConfigSection? section)
    {
        if (section is null)
            return [];
        var joints = section.Keys.ToDictionary(key => key, key => section.Text(key, LongestName));
        section.CheckUnknown();
        return joints;
    }

    private static RosCommand Command(ConfigSection section, RobotProfile profile, Dictionary<string, string> joints)
    {
        var topic = Topic(section);
        var type = RosType.Of(section.Text("type", LongestName));
        if (type is null || !RosType.Commands.Contains(type))
            throw section.Wrong(
                "type",
                section.Text("type", LongestName),
                string.Join(", ", RosType.Commands.Select(one => one.Name))
            );
        var names = section.Texts("values", 1, RobotProfile.MaximumDimensions, LongestName);
        var places = new int[names.Count];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = profile.Dimensions.ToList().FindIndex(dimension => dimension.Name == names[i]);
            if (places[i] < 0)
                throw section.Wrong(
                    $"values[{i}]",
                    $"\"{names[i]}\"",
                    $"a dimension of the profile: {string.Join(", ", profile.Dimensions.Select(d => d.Name))}"
                );
        }

        var fields = type.Fields.Count == 0 ? [] : section.Texts("fields", names.Count, names.Count, LongestName);
        for (var i = 0; i < fields.Count; i++)
        {
            if (!type.Fields.Contains(fields[i]) || fields.Take(i).Contains(fields[i]))
                throw section.Wrong(
                    $"fields[{i}]",
                    $"\"{fields[i]}\"",
                    $"one of {string.Join(", ", type.Fields)}, each once"
                );
        }

        var command = new RosCommand(topic, type, names, places)
        {
            JointNames = [.. names.Select(name => joints.GetValueOrDefault(name, name))],
            Fields = fields,
            Field =
                type == RosType.JointState
                    ? section.OptionalChoice("field", "position", "velocity", "effort") ?? "position"
                    : "",
            TimeMs =
                type == RosType.JointTrajectory ? section.OptionalInteger("time_ms", 1, LongestTimeMs, UsualTimeMs) : 0,
            Frame = type == RosType.TwistStamped ? section.OptionalText("frame", LongestName) ?? "" : "",
        };
        section.CheckUnknown();
        command.RequireUnits(section, profile);
        return command;
    }

    private static RosState State(ConfigSection section, RobotProfile profile, Dictionary<string, string> joints)
    {
        var topic = Topic(section);
        var type = section.OptionalText("type", LongestName) ?? RosType.JointState.Name;
        if (RosType.Of(type) != RosType.JointState)
            throw section.Wrong("type", type, RosType.JointState.Name);
        var parts = new List<RosStatePart>();
        Add("positions", RosQuantity.Position);
        Add("velocities", RosQuantity.Velocity);
        Add("efforts", RosQuantity.Effort);
        var state = new RosState(topic, parts) { RateHz = section.OptionalNumber("rate", 0.1, FastestHz, 0) };
        section.CheckUnknown();
        if (parts.Count == 0)
            throw section.Wrong("positions", "empty", "a list of names, here or in velocities or efforts");
        return state;

        void Add(string key, RosQuantity quantity)
        {
            foreach (var name in section.OptionalTexts(key, RobotProfile.MaximumDimensions, LongestName))
                parts.Add(RosStatePart.Of(name, joints.GetValueOrDefault(name, name), quantity, profile));
        }
    }

    private static string Topic(ConfigSection section)
    {
        var topic = section.Text("topic", LongestName);
        RequireTopic(section, "topic", topic);
        return topic;
    }

    private static void RequireTopic(ConfigSection section, string key, string topic)
    {
        if (!RosType.IsTopic(topic))
            throw section.Wrong(key, $"\"{topic}\"", "a topic: /names, of letters, digits and _, with slashes between");
    }
}
