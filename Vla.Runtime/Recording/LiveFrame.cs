using OpenCvSharp;

namespace Vla.Runtime.Recording;

/// <summary>A frame of a live run on its way to the dataset; used again and again.</summary>
internal sealed class LiveFrame(int states, int actions) : IDisposable
{
    /// <summary>BGR, as the camera gave it.</summary>
    public Mat Picture { get; } = new();

    /// <summary>What the robot felt of itself when the picture was taken.</summary>
    public float[] State { get; } = new float[states];

    /// <summary>As published.</summary>
    public float[] Action { get; } = new float[actions];

    /// <summary>The instruction in force.</summary>
    public string Task { get; set; } = "";

    public void Dispose() => Picture.Dispose();
}
