using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// Actions that count from where the robot is: the state at the picture's moment is added to what the model gives.
/// </summary>
/// <param name="IsFromState">For each number of an action, whether it counts from the state's number at the same
/// place.</param>
internal sealed record RelativeActions(IReadOnlyList<bool> IsFromState)
{
    private const int LongestName = 128;
    private const int MostNames = 256;

    /// <summary>True once a step was found that brings them back.</summary>
    internal bool IsUndone { get; init; }

    /// <param name="section">The step's <c>config</c>.</param>
    /// <param name="config">What the actions are.</param>
    /// <returns>Null where the step is switched off.</returns>
    /// <exception cref="PolicyException">The state has fewer numbers than the action.</exception>
    public static RelativeActions? Read(ConfigSection section, LeRobotConfig config)
    {
        if (section.OptionalFlag("enabled") != true)
            return null;
        var excluded = section.OptionalTexts("exclude_joints", MostNames, LongestName);
        var names = section.OptionalTexts("action_names", MostNames, LongestName);
        bool[] isFromState =
        [
            .. Enumerable
                .Range(0, config.Action.Count)
                .Select(i =>
                    i >= names.Count
                    || !excluded.Any(word => names[i].Contains(word, StringComparison.OrdinalIgnoreCase))
                ),
        ];
        if (Array.LastIndexOf(isFromState, true) >= (config.State?.Count ?? 0))
        {
            throw section.Wrong(
                "enabled",
                "true",
                $"false: the actions have {config.Action.Count} numbers and the state {config.State?.Count ?? 0}"
            );
        }

        return new RelativeActions(isFromState);
    }

    /// <summary>Adds a state to a chunk, in place.</summary>
    /// <param name="chunk">[count × dimensions], un-normalised.</param>
    /// <param name="state">As it was measured, in the policy's order.</param>
    public void Add(Span<float> chunk, ReadOnlySpan<float> state)
    {
        for (var i = 0; i < chunk.Length; i++)
        {
            var dimension = i % IsFromState.Count;
            if (IsFromState[dimension])
                chunk[i] += state[dimension];
        }
    }

    /// <summary>
    /// The state that actions count from. From nowhere they would go anywhere: without one they are no numbers, which
    /// the control loop refuses.
    /// </summary>
    public float[] MeasuredFrom(RobotReading? reading) =>
        reading is { } known ? known.Values.ToArray() : [.. Enumerable.Repeat(float.NaN, IsFromState.Count)];
}
