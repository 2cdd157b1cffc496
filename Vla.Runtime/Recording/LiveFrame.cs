using OpenCvSharp;

namespace Vla.Runtime.Recording;

/// <summary>A frame of a live run on its way to the dataset; used again and again.</summary>
internal sealed class LiveFrame(int cameras, int states, int actions, int seconds) : IDisposable
{
    /// <summary>BGR, as each camera gave it.</summary>
    public IReadOnlyList<Mat> Pictures { get; } = [.. Enumerable.Range(0, cameras).Select(_ => new Mat())];

    /// <summary>What the robot felt of itself when the oldest of the pictures was taken.</summary>
    public float[] State { get; } = new float[states];

    /// <summary>As published.</summary>
    public float[] Action { get; } = new float[actions];

    /// <summary>As it was wanted, before limits.</summary>
    public float[] Wanted { get; } = new float[actions];

    /// <summary>
    /// When the action was published and each camera's picture was taken, seconds since the episode began; empty where
    /// that is not recorded.
    /// </summary>
    public float[] Seconds { get; } = new float[seconds];

    /// <summary>Whether a person led.</summary>
    public bool IsByHand { get; set; }

    /// <summary>The instruction in force.</summary>
    public string Task { get; set; } = "";

    public void Dispose()
    {
        foreach (var picture in Pictures)
            picture.Dispose();
    }
}
