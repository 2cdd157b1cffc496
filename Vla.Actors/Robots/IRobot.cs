using Vla.Sensors.Observations;

namespace Vla.Actors.Robots;

/// <summary>A robot: it takes actions and tells where it is. Implement this to drive your own.</summary>
/// <remarks>
/// Who uses it (<see cref="RobotConnection"/>) connects it at the start, within 30 s, calls
/// <see cref="IActionOutput.Apply"/> and <see cref="ReadState"/> only while it is connected, each on a thread of its
/// own, connects it again after a loss, later and later, and disconnects it after the run's last action, a stop. Names
/// and units are asked before it is connected.
/// </remarks>
public interface IRobot : IActionOutput
{
    /// <summary>A name for each value of an action, in order: <c>shoulder_pan</c>, <c>x</c>.</summary>
    IReadOnlyList<string> ActionNames { get; }

    /// <summary>A unit for each of them: <c>rad</c>, <c>m</c>, <c>m/s</c>, <c>1</c>.</summary>
    IReadOnlyList<string> ActionUnits { get; }

    /// <summary>
    /// A name for each value of the state, each once, in the order of <see cref="ReadState"/>; empty for a robot that
    /// feels nothing. A position that is both commanded and told has the same name and unit in both.
    /// </summary>
    IReadOnlyList<string> StateNames { get; }

    /// <summary>A unit for each of them.</summary>
    IReadOnlyList<string> StateUnits { get; }

    /// <summary>
    /// States a second: how often <see cref="ReadState"/> is asked, or how often a loop of its own measures. 0 (the
    /// default): as often as actions are published, 20 times a second at least. A state counts for three of these
    /// periods, 0.3 s at least.
    /// </summary>
    double StateRateHz => 0;

    /// <summary>
    /// Names, units, limits, start, reach and hold of its actions, where it knows them itself; null (the default): they
    /// are in a robot profile file. Asked before it is connected.
    /// </summary>
    RobotProfile? Profile => null;

    /// <summary>
    /// True for a robot that moves nothing which could be hurt, such as a simulated one: after a stop for want of
    /// actions, however long, it goes on with the next fresh action.
    /// </summary>
    bool IsSimulated => false;

    /// <summary>Opens ports, switches on, whatever it takes until actions can be applied and the state read.</summary>
    /// <param name="cancellation">The run ends, or this has taken too long.</param>
    /// <exception cref="Exception">
    /// It is not there: the message says in one line what is wrong and what to do.
    /// </exception>
    void Connect(CancellationToken cancellation);

    /// <summary>
    /// Lets go of what <see cref="Connect"/> opened, also after a loss; <see cref="Connect"/> may follow.
    /// </summary>
    void Disconnect();

    /// <summary>
    /// The state, and when it was true. Not called where there is a ring of <see cref="States"/>, or no state.
    /// </summary>
    /// <remarks>
    /// On a thread of its own while <see cref="IActionOutput.Apply"/> may be running on another: it may block. Throw
    /// <see cref="RobotLostException"/> when the connection is gone; another exception means that the state is not
    /// known now, and its message says why. What fails for longer than a second altogether counts as lost as well.
    /// </remarks>
    /// <param name="values">To be filled, in <see cref="StateUnits"/>.</param>
    /// <returns>
    /// When that was measured, monotonic nanoseconds (<see cref="Vla.Sensors.MonotonicTime"/>); the same time as before
    /// says that nothing was measured since.
    /// </returns>
    long ReadState(Span<float> values);

    /// <summary>
    /// Where a robot with a loop of its own keeps what it measured; null (the default) for one that is asked by
    /// <see cref="ReadState"/>.
    /// </summary>
    StateRing? States => null;

    /// <summary>
    /// What is unusual though it works, in words: a servo that grows warm, a bad line; null (the default) when nothing
    /// is. Status, log and page show it. From any thread.
    /// </summary>
    string? Note => null;

    /// <summary>
    /// Why it holds still whatever it is told, in words; null (the default) while it does not. The control loop holds,
    /// then stops, for this reason, and sets out anew from where the robot is. Asked at every tick: the same text as
    /// long as the reason is the same. From any thread.
    /// </summary>
    string? Holding => null;

    /// <summary>
    /// Why it is gone, in words, for a robot with a loop of its own, which notices that also while it is told nothing;
    /// null (the default) while it is there. It is then connected again. From any thread.
    /// </summary>
    string? Gone => null;

    /// <summary>
    /// Whether it is on its way, slowly, to where it was first told to be, and so does not do what it is told yet; a
    /// recording waits for that. From any thread.
    /// </summary>
    bool IsSettingOut => false;

    /// <summary>
    /// Waits until what <see cref="Disconnect"/> began is done: an arm that is brought to where it can lie. Not for a
    /// robot that is done when that returns (the default). The process ends after this.
    /// </summary>
    /// <param name="bound">How long at most.</param>
    /// <returns>False when it takes longer.</returns>
    bool WaitAtRest(TimeSpan bound) => true;
}
