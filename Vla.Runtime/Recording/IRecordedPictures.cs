using OpenCvSharp;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Recording;

/// <summary>A camera's pictures for a recording.</summary>
internal interface IRecordedPictures
{
    /// <summary>The camera's.</summary>
    string Name { get; }

    /// <summary>Copies the picture of a number.</summary>
    /// <returns>False when it is not there any more.</returns>
    bool TryCopy(long sequence, Mat into, out PictureStamp stamp);
}
