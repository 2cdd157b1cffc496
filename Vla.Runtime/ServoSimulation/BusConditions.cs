namespace Vla.Runtime.ServoSimulation;

/// <summary>How well the simulated line works. May be changed while it is used.</summary>
internal sealed class BusConditions
{
    /// <summary>What USB and the kernel add to each answer, seconds.</summary>
    public double Latency { get; set; } = 0.0004;

    /// <summary>By how much that varies, seconds.</summary>
    public double Jitter { get; set; }

    /// <summary>The share of packets, to and fro, that do not arrive, 0 to 1.</summary>
    public double Lost { get; set; }

    /// <summary>The share of answers with a wrong bit.</summary>
    public double Corrupt { get; set; }

    /// <summary>The share of answers with bytes around them that nobody sent.</summary>
    public double Noise { get; set; }
}
