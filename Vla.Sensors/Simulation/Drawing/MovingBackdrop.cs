using OpenCvSharp;

namespace Vla.Sensors.Simulation.Drawing;

/// <summary>
/// Table, scraps and trays for a camera that moves: drawn anew for each picture from what the episode has of them.
/// </summary>
/// <remarks>The table's texture is the one that <see cref="Backdrop"/> draws, seen from elsewhere.</remarks>
internal sealed class MovingBackdrop : IDisposable
{
    private readonly Mat? _texture;
    private readonly Scrap[] _scraps;

    public MovingBackdrop(SceneLook look, Canvas canvas)
    {
        var random = new WorldRandom(look.DetailSeed);
        _texture = look.Texture == TableTexture.Plain ? null : Backdrop.Texture(canvas, look, random);
        _scraps = new Scrap[look.Scraps];
        for (var i = 0; i < _scraps.Length; i++)
            _scraps[i] = Scrap.Lay(random);
    }

    public void Draw(Tabletop table, Canvas canvas)
    {
        var look = table.Look;
        // Beside the table there is the floor, in the dark.
        canvas.Picture.SetTo(canvas.Exposed(look.Room, 0.66));
        Backdrop.DrawTable(canvas, look);
        if (_texture is not null)
        {
            using var view = Mat.FromArray(Backdrop.TextureTo(canvas));
            Cv2.WarpPerspective(
                _texture,
                canvas.Picture,
                view,
                canvas.Picture.Size(),
                InterpolationFlags.Linear,
                BorderTypes.Transparent
            );
        }

        foreach (var scrap in _scraps)
            scrap.Draw(canvas);
        for (var i = 0; i < table.Trays.Count; i++)
            Backdrop.DrawTray(canvas, table.Trays[i], look.Trays[i], look);
    }

    public void Dispose() => _texture?.Dispose();
}
