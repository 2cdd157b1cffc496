namespace Vla.Actors.Policies.LeRobot;

/// <summary>
/// How a new chunk is made to go on from the one before it, while the robot carries that one out: <c>rtc_config</c> of
/// LeRobot's <c>config.json</c>.
/// </summary>
internal sealed record RealTimeChunking
{
    private const int LargestHorizon = 10_000;

    /// <summary>Whether the checkpoint asks for it.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>How the old chunk's actions count, from the first that may still change on.</summary>
    public GuideSchedule Schedule { get; init; } = GuideSchedule.Linear;

    /// <summary>A step is turned by no more than this.</summary>
    public double MostWeight { get; init; } = 10;

    /// <summary>So many actions of the old chunk count at most.</summary>
    public int Horizon { get; init; } = 10;

    /// <exception cref="PolicyException">A value is wrong, or of a kind that is not computed here.</exception>
    public static RealTimeChunking Read(ConfigSection root)
    {
        if (root.OptionalSection("rtc_config") is not { } section)
            return new RealTimeChunking();
        section.OptionalChoice("mode", "guided");
        var schedule = section.OptionalChoice("prefix_attention_schedule", "LINEAR", "EXP", "ONES", "ZEROS");
        return new RealTimeChunking
        {
            IsEnabled = section.OptionalFlag("enabled") ?? true,
            Schedule = schedule switch
            {
                "EXP" => GuideSchedule.Exponential,
                "ONES" => GuideSchedule.Ones,
                "ZEROS" => GuideSchedule.Zeros,
                _ => GuideSchedule.Linear,
            },
            MostWeight = section.OptionalNumber("max_guidance_weight", 0, 1e6, 10),
            Horizon = section.OptionalInteger("execution_horizon", 1, LargestHorizon, 10),
        };
    }

    /// <summary>How much each action of a new chunk is held to what the old one had for it.</summary>
    /// <param name="delay">Actions that are carried out before the new chunk takes over: those count whole.</param>
    /// <param name="rest">Actions that the old chunk still has.</param>
    /// <param name="chunkSize">Actions in a chunk.</param>
    public float[] Weights(int delay, int rest, int chunkSize)
    {
        var weights = new float[chunkSize];
        var end = Math.Min(Math.Min(Horizon, rest), chunkSize);
        var start = Math.Clamp(delay, 0, end);
        weights.AsSpan(0, start).Fill(1);
        var between = end - start;
        for (var i = 0; i < between; i++)
        {
            // Between 1 before the first and 0 behind the last.
            var falling = 1 - (i + 1) / (between + 1.0);
            weights[start + i] = (float)(
                Schedule switch
                {
                    GuideSchedule.Linear => falling,
                    GuideSchedule.Exponential => falling * (Math.Exp(falling) - 1) / (Math.E - 1),
                    GuideSchedule.Ones => 1,
                    _ => 0,
                }
            );
        }

        return weights;
    }
}

/// <summary>How the weights of a <see cref="RealTimeChunking"/> fall from 1 to 0.</summary>
internal enum GuideSchedule
{
    Linear,

    Exponential,

    /// <summary>Not at all, up to the horizon.</summary>
    Ones,

    /// <summary>At once: only what is carried out in any case counts.</summary>
    Zeros,
}
