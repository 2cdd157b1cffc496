namespace Vla.Actors.Policies.LeRobot;

/// <summary>What a feature of a LeRobot policy is, as its <c>config.json</c> names it.</summary>
internal enum FeatureKind
{
    /// <summary>The robot's own state.</summary>
    State,

    /// <summary>A camera's picture.</summary>
    Visual,

    /// <summary>The state of what surrounds the robot, which a simulator knows.</summary>
    Env,

    /// <summary>What the robot is to do.</summary>
    Action,

    /// <summary>A kind that no policy here takes.</summary>
    Other,
}

/// <summary>One thing that a LeRobot policy takes or gives.</summary>
/// <param name="Key">The field's name for it: <c>observation.images.front</c>, <c>observation.state</c>,
/// <c>action</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Shape">[channels, height, width] of a picture, [count] of numbers.</param>
internal sealed record LeRobotFeature(string Key, FeatureKind Kind, IReadOnlyList<int> Shape)
{
    public const string State = "observation.state";
    public const string Environment = "observation.environment_state";
    public const string Action = "action";

    /// <summary>The first size: of a list of numbers, how many there are.</summary>
    public int Count => Shape[0];
}
