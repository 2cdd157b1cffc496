using OpenCvSharp;
using Vla.Sensors.Datasets;

namespace Vla.Runtime.Recording;

/// <summary>
/// Draws a dataset at a glance: a row for each of some episodes, moment by moment, with its instruction.
/// </summary>
internal static class ContactSheet
{
    public const int Rows = 8;
    public const int Moments = 8;

    private const int Height = 120;
    private const int Caption = 22;
    private const int Gap = 2;
    private const int WidestTimes = 8;

    private static readonly Scalar Ink = new(40, 40, 40);

    /// <exception cref="DatasetException">It has no episodes or no pictures, or they cannot be read.</exception>
    public static Mat Draw(LeRobotDataset dataset)
    {
        var camera =
            dataset.Info.Cameras.FirstOrDefault()
            ?? throw new DatasetException($"dataset '{dataset.Directory}' has no pictures for a contact sheet");
        if (dataset.Episodes.Count == 0)
            throw new DatasetException($"dataset '{dataset.Directory}' has no episodes for a contact sheet");
        var episodes = Pick(dataset.Episodes.Count, Rows).Select(index => dataset.Episodes[index]).ToArray();
        var size =
            camera.PictureSize
            ?? throw new DatasetException(
                $"dataset '{dataset.Directory}' does not say how large its {camera.Name} pictures are (shape in "
                    + "meta/info.json)"
            );
        var width = (int)Math.Clamp((long)Height * size.Width / size.Height, 1, WidestTimes * Height);
        var sheet = new Mat(
            episodes.Length * (Height + Caption + Gap),
            Moments * (width + Gap),
            MatType.CV_8UC3,
            Scalar.White
        );
        for (var row = 0; row < episodes.Length; row++)
        {
            var top = row * (Height + Caption + Gap);
            var episode = episodes[row];
            Cv2.PutText(
                sheet,
                Ascii($"{episode.Index}: {string.Join(" / ", episode.Tasks)} ({episode.Length} frames)"),
                new Point(4, top + Caption - 7),
                HersheyFonts.HersheySimplex,
                0.45,
                Ink,
                1,
                LineTypes.AntiAlias
            );
            var moments = Pick(episode.Length, Moments);
            dataset.ReadPictures(
                episode,
                camera.Name,
                (frame, picture) =>
                {
                    var column = Array.IndexOf(moments, frame);
                    if (column < 0)
                        return;
                    using var place = new Mat(sheet, new Rect(column * (width + Gap), top + Caption, width, Height));
                    Cv2.Resize(picture, place, place.Size(), interpolation: InterpolationFlags.Area);
                }
            );
        }

        return sheet;
    }

    /// <summary>Up to some indices, evenly spread from the first to the last.</summary>
    private static int[] Pick(int count, int most)
    {
        var picked = Math.Min(count, most);
        return picked == 1
            ? [0]
            : [.. Enumerable.Range(0, picked).Select(i => (int)((long)i * (count - 1) / (picked - 1)))];
    }

    /// <summary>OpenCV's letters are ASCII only.</summary>
    private static string Ascii(string text) =>
        new([.. text.Select(letter => letter is >= ' ' and <= '~' ? letter : '?')]);
}
