using OpenCvSharp;

namespace Vla.Runtime.Recording;

/// <summary>A frame of a live run on its way to the dataset; used again and again.</summary>
internal sealed class LiveFrame(int cameras, int states, int actions) : IDisposable
{
    /// <summary>BGR, as each camera gave it.</summary>
    public IReadOnlyList<Mat> Pictures { get; } = [.. Enumerable.Range(0, cameras).Select(_ => new Mat())];

    /// <summary>What the robot felt of itself when the oldest of the pictures was taken.</summary>
    public float[] State { get; } = new float[states];

    /// <summary>As published.</summary>
    public float[] Action { get; } = new float[actions];

    /// <summary>The instruction in force.</summary>
    public string Task { get; set; } = "";

    public void Dispose()
    {
        foreach (var picture in Pictures)
            picture.Dispose();
    }
}
