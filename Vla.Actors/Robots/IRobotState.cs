namespace Vla.Actors.Robots;

/// <summary>Where the state of a robot is read: joint angles or the end effector's pose, the jaw's opening.</summary>
/// <remarks>
/// A robot of your own implements it beside <see cref="IRobot"/>; <see cref="RobotStateReader"/> then reads it, on a thread of
/// its own, so reading may block, while <see cref="IRobot.Apply"/> may be running on another. Each value goes by its name:
/// a policy gets those that it wants (<c>state.names</c>), a recording all, and a dimension of the action with the same name,
/// whose <c>hold</c> is <c>keep</c>, starts from where the robot is.
/// </remarks>
public interface IRobotState
{
    /// <summary>
    /// A name for each value, in the order of <see cref="TryRead"/>. Empty (the default): the robot profile's dimensions.
    /// </summary>
    IReadOnlyList<string> StateNames => [];

    /// <summary>A unit for each name: <c>m</c>, <c>rad</c>, <c>1</c>. Those of the profile where the names are.</summary>
    IReadOnlyList<string> StateUnits => [];

    /// <summary>The state as it was at a moment: the newest that had been measured by then.</summary>
    /// <param name="atNs">
    /// The moment, monotonic nanoseconds: that of a picture, or, for a robot of your own, now.
    /// </param>
    /// <param name="values">To be filled, in <see cref="StateUnits"/>.</param>
    /// <returns>False when it is not known; what <paramref name="values"/> holds then does not matter.</returns>
    bool TryRead(long atNs, Span<float> values);
}
