using System.Text.Json;
using Vla.Actors.Policies;
using Vla.Actors.Robots;

namespace Vla.Runtime.Networks.Ros;

/// <summary>Values of an action that go to one topic.</summary>
/// <param name="Topic">Where.</param>
/// <param name="Type">As what.</param>
/// <param name="Names">Dimensions of the profile.</param>
/// <param name="Places">Where each stands in an action.</param>
internal sealed record RosCommand(string Topic, RosType Type, IReadOnlyList<string> Names, int[] Places)
{
    private static readonly string[] PositionUnits = ["rad", "m", "1", "deg"];
    private static readonly string[] SpeedUnits = ["rad/s", "m/s", "1", "deg/s"];
    private static readonly string[] AnyUnits = [];

    /// <summary>What ROS calls the joints.</summary>
    public IReadOnlyList<string> JointNames { get; init; } = [];

    /// <summary>For a twist: where each value goes.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>For a joint state: what the values are.</summary>
    public string Field { get; init; } = "";

    /// <summary>For a trajectory: when the joints are to be there.</summary>
    public int TimeMs { get; init; }

    /// <summary>For what has a frame in its header.</summary>
    public string Frame { get; init; } = "";

    /// <summary>What each value is multiplied by: ROS has radians.</summary>
    public double[] Scales { get; private set; } = [];

    /// <summary>Checks that the profile's units are those of the messages, or can be made to be.</summary>
    /// <exception cref="PolicyException">One is not.</exception>
    public void RequireUnits(ConfigSection section, RobotProfile profile)
    {
        var allowed = this switch
        {
            { Type.Fields.Count: > 0 } or { Field: "velocity" } => SpeedUnits,
            { Field: "effort" } => AnyUnits,
            _ when Type == RosType.Float64MultiArray => AnyUnits,
            _ => PositionUnits,
        };
        Scales = new double[Places.Length];
        for (var i = 0; i < Places.Length; i++)
        {
            var unit = profile.Dimensions[Places[i]].Unit;
            if (allowed.Length > 0 && !allowed.Contains(unit))
                throw section.Wrong(
                    $"values[{i}]",
                    $"\"{Names[i]}\" in {unit}",
                    $"a dimension in {string.Join(", ", allowed)}, as {Type.Name} has it"
                );
            // What has no unit in ROS is given as the profile has it.
            Scales[i] = allowed.Length > 0 && unit.StartsWith("deg", StringComparison.Ordinal) ? Math.PI / 180 : 1;
        }
    }

    /// <summary>Writes the message of an action.</summary>
    /// <param name="to">In it, a value is expected.</param>
    /// <param name="values">The action's.</param>
    /// <param name="version">1 or 2: how times are called.</param>
    public void Write(Utf8JsonWriter to, ReadOnlySpan<float> values, int version)
    {
        to.WriteStartObject();
        if (Type == RosType.JointState)
        {
            WriteTexts(to, "name", JointNames);
            WriteNumbers(to, Field, values);
        }
        else if (Type == RosType.JointTrajectory)
        {
            WriteTexts(to, "joint_names", JointNames);
            to.WriteStartArray("points"u8);
            to.WriteStartObject();
            WriteNumbers(to, "positions", values);
            to.WriteStartObject("time_from_start"u8);
            to.WriteNumber(version == 1 ? "secs"u8 : "sec"u8, TimeMs / 1_000);
            to.WriteNumber(version == 1 ? "nsecs"u8 : "nanosec"u8, TimeMs % 1_000 * 1_000_000);
            to.WriteEndObject();
            to.WriteEndObject();
            to.WriteEndArray();
        }
        else if (Type == RosType.Float64MultiArray)
        {
            WriteNumbers(to, "data", values);
        }
        else if (Type == RosType.TwistStamped)
        {
            // Its stamp is left to the bridge, which has the time of the robot's machine.
            to.WriteStartObject("header"u8);
            to.WriteString("frame_id"u8, Frame);
            to.WriteEndObject();
            to.WriteStartObject("twist"u8);
            WriteTwist(to, values);
            to.WriteEndObject();
        }
        else
        {
            WriteTwist(to, values);
        }

        to.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter to, string name, IReadOnlyList<string> texts)
    {
        to.WriteStartArray(name);
        for (var i = 0; i < texts.Count; i++)
            to.WriteStringValue(texts[i]);
        to.WriteEndArray();
    }

    private void WriteNumbers(Utf8JsonWriter to, string name, ReadOnlySpan<float> values)
    {
        to.WriteStartArray(name);
        for (var i = 0; i < Places.Length; i++)
            to.WriteNumberValue(values[Places[i]] * Scales[i]);
        to.WriteEndArray();
    }

    private void WriteTwist(Utf8JsonWriter to, ReadOnlySpan<float> values)
    {
        WriteVector(to, "linear", values);
        WriteVector(to, "angular", values);
    }

    private void WriteVector(Utf8JsonWriter to, string vector, ReadOnlySpan<float> values)
    {
        to.WriteStartObject(vector);
        for (var axis = 0; axis < 3; axis++)
        {
            var value = 0.0;
            for (var i = 0; i < Fields.Count; i++)
            {
                if (Fields[i][^1] == "xyz"[axis] && Fields[i].StartsWith(vector, StringComparison.Ordinal))
                    value = values[Places[i]] * Scales[i];
            }

            to.WriteNumber(
                axis switch
                {
                    0 => "x"u8,
                    1 => "y"u8,
                    _ => "z"u8,
                },
                value
            );
        }

        to.WriteEndObject();
    }
}
