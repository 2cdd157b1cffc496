using Vla.Sensors.Cameras;

namespace Vla.Sensors.Simulation;

/// <summary>A camera of the simulated tabletop: <c>world</c> or <c>world-wrist</c>.</summary>
/// <param name="View">Which.</param>
/// <param name="Width">Picture width in pixels.</param>
/// <param name="Height">Picture height in pixels.</param>
/// <param name="Fps">Pictures a second, 1 to 1,000.</param>
internal sealed record WorldCameraSource(
    WorldView View = WorldView.Front,
    int Width = 640,
    int Height = 480,
    double Fps = 30
) : CameraSource
{
    public override string Name => NameOf(View);

    public static string NameOf(WorldView view) => view == WorldView.Front ? "world" : "world-wrist";

    /// <summary>Reads <c>world?size=640x480&amp;fps=30</c>; null when the text names another camera.</summary>
    /// <exception cref="CameraException">An option is not known, or its value is wrong.</exception>
    public static WorldCameraSource? Read(string text, WorldView view)
    {
        if (CameraOptions.NameIn(text) != NameOf(view))
            return null;
        var (_, options) = CameraOptions.Split(text);
        var (width, height) = options.TakeSize() ?? (640, 480);
        var fps = options.TakeFps() ?? 30;
        options.RefuseOthers();
        return new WorldCameraSource(view, width, height, fps);
    }

    /// <summary>A camera that films a world which others act in, and other cameras film.</summary>
    public ICamera Open(LiveWorld world, TimeProvider time)
    {
        OpenCvNative.EnsureLoaded();
        return new WorldCamera(world, View, Width, Height, Fps, time);
    }

    /// <summary>A camera that films a table of its own, at which nobody acts.</summary>
    public override ICamera Open(TimeProvider time) =>
        Open(new LiveWorld(Tabletop.Create(1, WorldLevel.Level1), time), time);
}
